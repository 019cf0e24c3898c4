package retrywisetest

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMemoryListenerErrors(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	closed := newMemoryListener()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	dial := func(ctx context.Context, l *memoryListener) error {
		_, err := l.Dial(ctx)
		return err
	}
	_, acceptError := closed.Accept()
	for name, tt := range map[string]struct {
		err  error
		is   error
		want string
	}{
		"dial, nobody accepts": {dial(canceled, newMemoryListener()), context.Canceled, "dial memory vendor.test:80: context canceled"},
		"dial, closed":         {dial(t.Context(), closed), net.ErrClosed, "dial memory vendor.test:80: use of closed network connection"},
		"accept, closed":       {acceptError, net.ErrClosed, "accept memory vendor.test:80: use of closed network connection"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.err.Error()); diff != "" || !errors.Is(tt.err, tt.is) {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}
