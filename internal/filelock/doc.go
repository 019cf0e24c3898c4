// Package filelock locks files, for one process at a time.
package filelock

import "errors"

// ErrLocked is that another has the lock: another process, or this one.
var ErrLocked = errors.New("another process has it")
