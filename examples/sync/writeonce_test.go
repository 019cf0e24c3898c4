package main

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

func TestWriteOnce(t *testing.T) {
	doubt := &apierrors.Error{Class: apierrors.Timeout, Stop: apierrors.StopUnsafe}
	refused := &apierrors.Error{Class: apierrors.Validation, Applied: apierrors.AppliedNo}
	down := errors.New("down")
	type counts struct{ Writes, Lookups int }
	for name, tt := range map[string]struct {
		writes []error // results of the writes; the last is that of all later ones
		there  int     // number of the first lookup that finds the record; 0: none does
		lookup error
		want   counts
		err    error
	}{
		"done":                           {[]error{nil}, 0, nil, counts{1, 0}, nil},
		"refused":                        {[]error{refused}, 0, nil, counts{1, 0}, refused},
		"in doubt, and there":            {[]error{doubt, nil}, 1, nil, counts{1, 1}, nil},
		"in doubt, and not there":        {[]error{doubt, nil}, 0, nil, counts{2, 1}, nil},
		"in doubt twice, then there":     {[]error{doubt}, 2, nil, counts{2, 2}, nil},
		"in doubt, then refused":         {[]error{doubt, refused}, 0, nil, counts{2, 1}, refused},
		"in doubt, and the lookup fails": {[]error{doubt}, 0, down, counts{1, 1}, doubt},
		"in doubt until the last write":  {[]error{doubt}, 0, nil, counts{maxWrites, maxWrites}, doubt},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				var got counts
				err := writeOnce(t.Context(),
					func(context.Context) error {
						got.Writes++
						return tt.writes[min(got.Writes, len(tt.writes))-1]
					},
					func(context.Context) (bool, error) {
						got.Lookups++
						return tt.there > 0 && got.Lookups >= tt.there, tt.lookup
					})
				if diff := cmp.Diff(tt.want, got); diff != "" || !errors.Is(err, tt.err) || (err != nil) != (tt.err != nil) {
					t.Errorf("error %v, want %v; counts (-want +got):\n%s", err, tt.err, diff)
				}
			})
		})
	}
}
