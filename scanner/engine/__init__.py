"""The engine: one process that runs the lanes, the log, the trust and the control socket.

`engine` puts the parts together and watches over them, `lane_loop` is one lane's thread round the pure table,
`vision` turns frames into verdicts, `trust` holds the verified state, `log` the journal with its recovery.
"""
