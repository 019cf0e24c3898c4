//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package filelock

import (
	"errors"
	"os"
	"syscall"
)

// Try locks a file, which it makes, or returns ErrLocked. The lock ends with the process. The file
// stays.
func Try(name string) (release func(), err error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR):
		err = ErrLocked
	case err != nil:
		err = &os.PathError{Op: "lock", Path: name, Err: err}
	case !isThere(name, file):
		err = ErrLocked // by whoever has the new file
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return func() { file.Close() }, nil
}

// isThere reports whether a file still has its name: nobody deleted it.
func isThere(name string, file *os.File) bool {
	opened, errOpened := file.Stat()
	named, errNamed := os.Stat(name)
	return errOpened == nil && errNamed == nil && os.SameFile(opened, named)
}
