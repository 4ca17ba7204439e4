"""
Exercises: a network of its own on one machine, a scenario played over scaled time, and a report on how its trainees answered.

Whoever is no trainee is played through the ordinary SDK; trainees use the ordinary commands, or the SDK.
Spec: deploy/exercises.md.
"""
