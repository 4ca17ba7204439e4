"""The demonstration: a whole fictional network on this machine, through the real interfaces."""
