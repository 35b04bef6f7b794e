"""The few statistics that tables rest on."""
