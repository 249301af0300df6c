"""thecal: the executable model of an intrathecal medicine.

What its label says is `thecal.label`, when a person is dosed `thecal.regimen`, what the
drug does `thecal.model`, and what one course means for one person `thecal.plan`.

thecal is decision support for professionals. It is not a medical device.
"""

__version__ = "0.1.0"
