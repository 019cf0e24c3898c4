package traffic

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"time"

	"github.com/retrywise/retrywise/internal/filelock"
)

// lock waits for the folder, first within the process, and then among all.
func (f *Folder) lock(ctx context.Context) (release func(), err error) {
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	unlock, err := lockFile(ctx, filepath.Join(f.path, lockName))
	if err != nil {
		<-f.turn
		return nil, err
	}
	return func() {
		unlock()
		<-f.turn
	}, nil
}

// lockFile waits for the lock of a file. It asks again and again, as a system call that waits does
// not end with a context.
func lockFile(ctx context.Context, name string) (release func(), err error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		release, err := filelock.Try(name)
		if !errors.Is(err, filelock.ErrLocked) {
			return release, err
		}
		later := time.NewTimer(time.Millisecond/2 + rand.N(time.Millisecond))
		select {
		case <-later.C:
		case <-ctx.Done():
		}
		later.Stop()
	}
}
