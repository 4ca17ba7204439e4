"""
From a delivery in the home to a settled message: opened, handed over, receipted, recalled.

How deliveries come into the home is `inbox`.
"""
