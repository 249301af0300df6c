"""Whether a label bears a claim out.

table      which judge a topic has
faults     every fault: its class, its severity, and why it matters
verdict    what a judge answers

dosing     dose, strength, route, intervals, missed doses
handling   the injection, the syringe, the vial, storage
people     for whom and for whom not, warnings, reactions, tests
medicine   kinetics, mechanism, approval, benefit, trials, maker

omissions  what a page leaves out
figures    numbers of claims and of statements beside each other
"""
