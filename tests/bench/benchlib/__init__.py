"""The parts of `make bench` and of the gate. Standard library only."""
