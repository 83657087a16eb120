"""The kiosk's screen: no keyboard, nobody beside it, big words for people who walk."""
