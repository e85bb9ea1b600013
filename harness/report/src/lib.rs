//! Renderings of a record: terminal, JSON, JUnit, Markdown; each reads a record and nothing else.
