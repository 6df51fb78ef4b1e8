"""What the lesson's checks and the exercise's share."""

# All of it in virtual time (`told_time`), so nothing here is a wait for anybody, and no machine is too slow.
THINKS = 60.0  # seconds: until then all that can be done meanwhile has been done
