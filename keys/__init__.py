"""Proof: strict readers for hostile codes, trust lists, status lists, the verifier, Merkle trees and sealing."""
