"""The runner: a notebook becomes a verdict, through pytest, nbval and a kernel of its own."""
