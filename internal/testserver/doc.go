// Package testserver plays the part of a vendor: it answers HTTP requests from
// a script, or as a small fake of a real vendor that fails on command.
//
// New and Handle serve over connections in memory, so that client and server
// both fit into one testing/synctest bubble and every wait is virtual. Start
// serves over TCP on the local machine, for programs that have no testing.TB.
package testserver
