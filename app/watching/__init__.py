"""What the service says of itself while it runs: lines of the log, and numbers. Neither holds a word of a case."""
