"""What the lesson's checks and the exercise's share."""

from kettle.probes.work import work


def cost_of_one_more(function, few, many, *others):
    """Count the instructions for one more row."""
    function(many, *others)  # what is made once is made now
    more = work(function, many, *others).instructions - work(function, few, *others).instructions
    return more / (len(many) - len(few))
