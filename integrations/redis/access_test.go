//go:build redis

package retrywiseredis_test

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	retrywiseredis "github.com/retrywise/retrywise/integrations/redis"
	"github.com/retrywise/retrywise/internal/testcert"
	"github.com/retrywise/retrywise/traffic"
)

// New says what is wrong with an address, a password or TLS, and prints no password.
func TestNewOfAServerThatRefuses(t *testing.T) {
	const password, wrong = "p4ssword-right", "p4ssword-wrong"
	locked := start(t, "--requirepass", password)
	plain := start(t)
	secure, roots := startTLS(t)
	nobody := freeAddress(t)
	for name, tt := range map[string]struct {
		change func(*redis.UniversalOptions)
		want   string // in the error; empty: none
	}{
		"right password":         {func(o *redis.UniversalOptions) { o.Addrs[0], o.Password = locked.address, password }, ""},
		"wrong password":         {func(o *redis.UniversalOptions) { o.Addrs[0], o.Password = locked.address, wrong }, "WRONGPASS"},
		"no password":            {func(o *redis.UniversalOptions) { o.Addrs[0] = locked.address }, "NOAUTH"},
		"nobody listens":         {func(o *redis.UniversalOptions) { o.Addrs[0] = nobody }, "connection refused"},
		"TLS":                    {func(o *redis.UniversalOptions) { o.Addrs[0], o.TLSConfig = secure, roots }, ""},
		"unknown authority":      {func(o *redis.UniversalOptions) { o.Addrs[0], o.TLSConfig = secure, &tls.Config{} }, "certificate"},
		"TLS to a plain server":  {func(o *redis.UniversalOptions) { o.Addrs[0], o.TLSConfig = plain.address, roots }, "does the server use TLS?"},
		"plain to a TLS server":  {func(o *redis.UniversalOptions) { o.Addrs[0] = secure }, "does the server expect TLS?"},
		"deadlines are ignored":  {func(o *redis.UniversalOptions) { o.Addrs[0], o.ContextTimeoutEnabled = plain.address, false }, "ContextTimeoutEnabled"},
		"a cluster is no server": {func(o *redis.UniversalOptions) { o.Addrs[0], o.IsClusterMode = plain.address, true }, "cluster"},
	} {
		t.Run(name, func(t *testing.T) {
			o := plain.options()
			tt.change(o)
			_, err := retrywiseredis.New(t.Context(), retrywiseredis.GoRedis(open(t, o)), retrywiseredis.Options{Timeout: 2 * time.Second})
			if tt.want == "" && err != nil {
				t.Errorf("%v; want no error", err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "p4ssword")) {
				t.Errorf("%v; want %q", err, tt.want)
			}
			t.Log(err)
		})
	}
}

// A user of the server needs a few commands, and keys with the prefix.
func TestStoreWithFewRights(t *testing.T) {
	s := start(t)
	admin := s.client(t)
	rights := []any{"acl", "setuser", "fleet", "on", ">secret", "~jobs:*", "+eval", "+evalsha", "+get", "+set", "+time"}
	if err := admin.Do(t.Context(), rights...).Err(); err != nil {
		t.Fatal(err)
	}
	o := s.options()
	o.Username, o.Password, o.DisableIdentity = "fleet", "secret", true
	client := retrywiseredis.GoRedis(open(t, o))
	if _, err := retrywiseredis.New(t.Context(), client, retrywiseredis.Options{Prefix: "jobs:", Timeout: patient}); err != nil {
		t.Error(err)
	}
	_, err := retrywiseredis.New(t.Context(), client, retrywiseredis.Options{Timeout: patient})
	if err == nil || !strings.Contains(err.Error(), "NOPERM") {
		t.Errorf("%v; want NOPERM for keys with another prefix", err)
	}
}

// All keys of an Exchange are in one slot of a cluster.
func TestStoreOfACluster(t *testing.T) {
	s := start(t, "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(portOf(t, freeAddress(t))))
	node := s.client(t)
	if err := node.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	o := s.options()
	o.IsClusterMode = true
	cluster, ok := open(t, o).(*redis.ClusterClient)
	if !ok {
		t.Fatal("not a client of a cluster")
	}
	poll(t, "the only node has all slots", func() bool {
		info, _ := cluster.ClusterInfo(t.Context()).Result()
		return strings.Contains(info, "cluster_state:ok")
	})
	cluster.ReloadState(t.Context())
	store, err := retrywiseredis.New(t.Context(), retrywiseredis.GoRedis(cluster), retrywiseredis.Options{Timeout: patient})
	if err != nil {
		t.Fatal(err)
	}
	now, memory := time.Now(), traffic.NewMemoryStore()
	store.SetNow(func() time.Time { return now })
	c := newChance(1)
	for i := range 200 {
		x := c.exchange()
		x.Account = "account" + strconv.Itoa(i%20)
		if diff := cmp.Diff(memory.ExchangeAt(now, x), exchanged(t, store, x)); diff != "" {
			t.Fatalf("mismatch (-want +got):\n%s", diff)
		}
		now = now.Add(c.step())
	}
}

// startTLS starts a server with TLS alone, and returns its address and how to trust it.
func startTLS(t *testing.T) (address string, trusting *tls.Config) {
	t.Helper()
	folder := t.TempDir()
	c := testcert.New(t)
	for name, text := range map[string][]byte{"server.crt": c.PEM, "server.key": c.Key} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	address = freeAddress(t)
	start(t, "--port", "0", "--tls-port", strconv.Itoa(portOf(t, address)), "--tls-auth-clients", "no",
		"--tls-cert-file", filepath.Join(folder, "server.crt"), "--tls-key-file", filepath.Join(folder, "server.key"),
		"--tls-ca-cert-file", filepath.Join(folder, "server.crt"))
	return address, &tls.Config{RootCAs: c.Roots}
}
