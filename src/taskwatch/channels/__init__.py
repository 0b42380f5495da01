"""The channels that come with taskwatch: each one small file that imports nothing but `taskwatch.plugin`."""
