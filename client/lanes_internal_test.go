package client

import (
	"fmt"
	"testing"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestLanesAreBounded(t *testing.T) {
	limit := policy.Limit{Name: "item", Scope: apierrors.ScopeRecord, Off: true}
	keyOf := func(i int) laneKey { return laneKey{limit: "item", record: fmt.Sprint(i)} }
	s := newLanes()
	for i := range maxLanes {
		s.get(keyOf(i), &limit)
	}
	first := s.get(keyOf(0), nil)
	s.get(keyOf(maxLanes), &limit)
	if s.order.Len() != maxLanes || len(s.byKey) != maxLanes {
		t.Errorf("%d lanes, %d keys; want %d", s.order.Len(), len(s.byKey), maxLanes)
	}
	if s.get(keyOf(0), nil) != first || first == nil {
		t.Error("the lane that was used a moment ago was dropped")
	}
	if s.get(keyOf(1), nil) != nil {
		t.Error("the lane that was not used for the longest time is still there")
	}
}
