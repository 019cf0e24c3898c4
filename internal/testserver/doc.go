// Package testserver has small fakes of four vendors, for the tests and examples of
// this module. Each fake is an http.Handler that answers as the vendor's documents
// say, fails by a plan of faults, and records what it executed. Package
// retrywisetest serves them.
package testserver
