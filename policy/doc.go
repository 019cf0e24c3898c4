// Package policy decides what to do about a failed API call: retry it and when, or
// return the error.
//
// Decisions are pure. [Policy.Decide] gets the failure, the state of the call and a
// random number as arguments, so every decision can be a row of a test table. Only
// [ReadFile] does I/O.
//
// A [Policy] is an immutable value made of rules. For one error code, the rules are
// consulted in this order, and each sets the fields that earlier ones left unset:
//
//  1. the operator's rules: the first that matches
//  2. the vendor's rule for the code or, if the response has no code, the vendor's or
//     else the built-in rule for the status
//  3. the vendor's rule for the class
//  4. the built-in rule for the class
//
// If a response has several codes, the one with the gravest action decides. A code that
// the vendor's rules do not list has class unknown and is surfaced; but beside a status of
// 5xx, 401, 408, 425 or 429, the status decides.
package policy
