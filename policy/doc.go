// Package policy decides what to do about a failed call: whether it is sent again,
// when, and why not. It has no clock, no randomness and, but for [ReadFile], no I/O: time
// left, random number and what happened so far come in as values, so that every
// decision is a row of a table.
//
// A [Policy] is an immutable value made of rules. For one code, the rules are asked
// in this order, and each fills what those before it left open:
//
//  1. the operator's rules, top to bottom; the first that matches speaks
//  2. the vendor's rule for the code or, if the answer had no code, for the status
//  3. the vendor's rule for the class
//  4. the built-in rule for the class
//
// Of several codes in one answer, the one with the gravest action decides.
package policy
