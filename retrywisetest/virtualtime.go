package retrywisetest

import (
	"testing"
	"testing/synctest"
)

// VirtualTime runs test in virtual time. Whenever all goroutines of test wait, the
// clock of package time advances to the first moment at which one of them can go
// on, so that an hour takes about a millisecond and time.Since is exact. Create
// servers, clients and channels inside test, with its own t, and end all of its
// goroutines before it returns.
//
// While a goroutine waits for a socket, a file or a process, the clock stands
// still: use New and Handle, and neither Start nor package httptest. Give the
// client under test the Transport of the server. The clock begins at midnight UTC
// on 1 January 2000. In test, t.Run, t.Parallel and t.Deadline must not be called:
// in a table of subtests, each subtest calls VirtualTime.
//
// VirtualTime is synctest.Test of package testing/synctest, which documents the
// details.
func VirtualTime(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

// Settle returns when every other goroutine of the test waits: for an answer, for
// a timer or for another goroutine. Call it to look at what a goroutine has done so
// far, without advancing the clock. It may be called only inside VirtualTime.
func Settle() { synctest.Wait() }
