// Package vendors has the data about the APIs of vendors, one file for each in the folder
// catalog, and the decoder that works by these data.
//
// A file says where a response has its error codes and its waits, what class each code
// and status has, which writes may be repeated, and which rate limits apply. A new code is
// a line and a new vendor a file; neither needs Go. [Lookup] reads a file of the catalog,
// [Parse] one of your own.
package vendors
