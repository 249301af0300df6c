"""Sentences to claims.

claim      what a page says, and what it was speaking of before
grammar    negation, rules, other medicines, animals: what every reader asks
phases     loading, maintenance and which dose was missed
line       one sentence, as readers see it
table      the readers, which words wake each, `read_line`

dosing     dose, volume, strength, route        people     for whom: disease, age, pregnancy
intervals  intervals, days and counts of doses  cautions   contraindications, tests, dose changes
missed     missed and late doses                harms      serious warnings, unlisted events
csf        CSF taken before the injection       reactions  reactions and how often
handling   times and temperatures               effects    mechanism, class, benefit
steps      what to do and not with the vial     product    approval, maker
                                                results    kinetics, trials, other numbers
"""
