// Package vendors holds what is known of each API: one data file a vendor, in
// catalog, and one decoder for all of them.
//
// A file says where an answer holds its errors and its waits, which class each code
// and status has, which writes may be repeated, and which limits hold. Adding a code
// is a line, adding a vendor is a file; neither needs Go. [Lookup] reads one that
// comes with the package, [Parse] one of your own.
package vendors
