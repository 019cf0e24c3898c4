package retrywisetest

import (
	"testing"
	"testing/synctest"
)

// VirtualTime runs test with a virtual clock, which starts at midnight UTC on
// 1 January 2000. When all goroutines of the test wait, the clock advances to the
// next timer, so an hour takes about a millisecond and time.Since is exact. Create
// servers, clients and channels inside test, and pass them the t of test.
//
// The limits are these:
//   - While a goroutine waits for a socket, a file or a process, the clock stands
//     still. Use New or Handle, not Start or package httptest, and give the client
//     the Transport of the server.
//   - All goroutines that test starts must end.
//   - test must not call t.Run, t.Parallel or t.Deadline. In a table of subtests,
//     each subtest calls VirtualTime.
//
// VirtualTime is Test of package testing/synctest, which has the details.
func VirtualTime(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

// Settle returns when every other goroutine of the test waits: for an answer, for
// a timer or for another goroutine. Call it to look at what a goroutine has done so
// far, without advancing the clock. It may be called only inside VirtualTime.
func Settle() { synctest.Wait() }
