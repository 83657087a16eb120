"""What people see of the hub: server-rendered pages in Chinese and English, for browsers and screen readers."""
