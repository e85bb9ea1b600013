//! Who stands in the line-up: adapters for the reference client and service, and the killers.
