"""
What a home sends: kept, approved, handed to a gateway, and followed until it ended with each recipient.

What is written is made in `writing`; what people ask about it later is `sent`.
"""
