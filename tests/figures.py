"""What a day of alerts comes to if nobody looks after a task: lived through, and told in the manual."""

# Mails for each person by reason, for limits of how many they get a day and how long repeats are gathered.
FIGURES = [
    ({}, {"first": 1, "level_raised": 3, "repeat": 87}),
    ({"group_minutes": 60}, {"first": 1, "level_raised": 3, "digest": 21}),
    ({"group_minutes": 240}, {"first": 1, "level_raised": 3, "digest": 5}),
    ({"daily_cap": 10}, {"first": 1, "level_raised": 3, "repeat": 16, "digest": 1}),
    ({"daily_cap": 10, "group_minutes": 60}, {"first": 1, "level_raised": 3, "digest": 17}),
]
