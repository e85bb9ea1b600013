//! HTTP/2 frames, HPACK and gRPC framing that can build and read what is illegal; no I/O, no clock.
