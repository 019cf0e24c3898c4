//go:build !redis

package retrywiseasynq_test

import (
	"testing"

	"github.com/alicebob/miniredis/v2"
)

// startRedis starts a Redis in memory. With the build tag redis, it is a real one.
func startRedis(t *testing.T) (address string) {
	t.Helper()
	return miniredis.RunT(t).Addr()
}
