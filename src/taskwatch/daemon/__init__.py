"""The daemon: an object that keeps everything running, and its surroundings on an operating system."""
