"""What a gateway and those who ask it say to each other over HTTP: pure, used by both sides."""
