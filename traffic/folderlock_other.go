//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package traffic

import (
	"errors"
	"os"
)

// tryLock returns an error, as the standard library has no locks on files of this system.
func tryLock(name string) (release func(), err error) {
	return nil, &os.PathError{Op: "lock", Path: name, Err: errors.ErrUnsupported}
}
