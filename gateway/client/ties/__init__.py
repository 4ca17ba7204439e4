"""
What ties a message to others: what it is made from, what it answers, corrects or recalls.

Asked before anything is sealed. How a conversation is shown to people is `cases`.
"""
