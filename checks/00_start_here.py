"""Start here: questions for the warm-up of the first lessons, which have no earlier lesson to ask about."""

from kettle.checking import Question

RECALL = (
    Question(
        "A function waits a second for an answer from the network. What does the processor do for it meanwhile?",
        ("It works at full speed", "Nothing", "It checks again and again whether the answer is there"),
        1,
        "Waiting takes time and no processor. So the cures for waiting and for computing are different ones.",
    ),
    Question(
        "One part of a program takes 2 % of its time. It is made a hundred times as fast. How much faster is all?",
        ("About 2 %", "About twice", "About a hundred times"),
        0,
        "What is made faster can save no more than its share. That is why one measures before changing anything.",
    ),
    Question(
        "The same program takes 1.0 s, 1.4 s and 1.1 s on a laptop. What is the likeliest reason?",
        ("Python is compiling", "The clock is broken", "Other programs share the processor"),
        2,
        "A single time says little on a machine that does other things too: hence runs in turn, and counts.",
    ),
)
