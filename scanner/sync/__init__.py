"""Handing the log to the hub, by network or by stick, and taking things out of it under the hub's word.

    schedule     when to send; pure
    wire         the bytes of an upload and of its receipt, the same by network and by stick
    outbox       what waits, read from the log without disturbing whoever writes it
    history      what it means that the hub knows another head than we thought; pure
    offer, enrolment   what an enrolment code says, and how an appliance is let in by it
    membership   which hub this appliance has joined
    line         one HTTP(S) connection to the hub, believed in nothing
    client       what is asked of the hub over it
    exchange     one piece of conversation with the hub
    retention    what is erased when
    retirement   the end of the log, by the authority's order
    inbox        what commands leave for the engine, which alone writes the log
    values, keeper   the engine's thread that does all of this
    stick        the same by folder, for where there is no network

The hub's word is its cosignature on a head of ours (`keys.cosignature`). Without one nothing is erased.

    HubError
    ├── HubUnreachableError   no line, or the line broke          → again later
    │   └── HubBusyError      the hub said when                   → then, and not all at once
    ├── HubRefusedError       the hub will not take it            → people look
    │   ├── TooLargeError     a smaller batch may pass
    │   └── OtherHistoryError the hub knows another head          → `history` says what that means
    └── HubDoubtedError       what the hub says cannot be true    → nothing is believed or erased
"""
