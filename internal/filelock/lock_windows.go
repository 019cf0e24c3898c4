package filelock

import (
	"errors"
	"os"
	"syscall"
)

// errorSharingViolation is what Windows says of a file that another process has opened alone.
const errorSharingViolation = syscall.Errno(32)

// Try locks a file, which it makes, or returns ErrLocked: it opens the file so that nobody else
// can. The lock ends with the process. The file stays.
func Try(name string) (release func(), err error) {
	path, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		return nil, &os.PathError{Op: "lock", Path: name, Err: err}
	}
	const nobodyElse = 0
	file, err := syscall.CreateFile(path, syscall.GENERIC_READ|syscall.GENERIC_WRITE, nobodyElse, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	switch {
	case errors.Is(err, errorSharingViolation):
		return nil, ErrLocked
	case err != nil:
		return nil, &os.PathError{Op: "lock", Path: name, Err: err}
	}
	return func() { _ = syscall.CloseHandle(file) }, nil
}
