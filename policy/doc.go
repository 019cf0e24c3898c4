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
//  2. the vendor's rule for the code or, if there is none, the vendor's or else the
//     built-in rule for the status
//  3. the vendor's rule for the class
//  4. the built-in rule for the class
//
// If a response has several codes, the one with the gravest action decides. A code that no
// rule lists is kept, and does not decide: another code does, if one is listed, and the
// status if not. Such a code only prevents that the failure is accepted because of another.
package policy
