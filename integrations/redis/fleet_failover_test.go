//go:build redis

package retrywiseredis_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// A job goes on while Sentinel makes a replica the primary, and after that.
func TestFleetThroughAFailoverOfSentinel(t *testing.T) {
	t.Parallel()
	primary := start(t)
	start(t, "--replicaof", "127.0.0.1 "+strconv.Itoa(portOf(t, primary.address)))
	sentinel := startSentinel(t, primary)
	c := redis.NewSentinelClient(&redis.Options{Addr: sentinel.address})
	t.Cleanup(func() { _ = c.Close() })
	poll(t, "Sentinel knows the replica", func() bool {
		replicas, err := c.Replicas(t.Context(), "jobs").Result()
		return err == nil && len(replicas) == 1
	})
	testInRealTime(t, func() *redis.UniversalOptions {
		o := sentinel.options()
		o.MasterName = "jobs"
		return o
	}, func() { primary.kill(t) })
}

// startSentinel starts a Sentinel for a primary, which decides alone.
func startSentinel(t *testing.T, primary *server) *server {
	t.Helper()
	s := &server{address: freeAddress(t), folder: t.TempDir(), ready: "Sentinel ID is"}
	file := filepath.Join(s.folder, "sentinel.conf")
	text := fmt.Sprintf(`bind 127.0.0.1
port %d
dir %s
sentinel monitor jobs 127.0.0.1 %d 1
sentinel down-after-milliseconds jobs 1000
sentinel failover-timeout jobs 10000
`, portOf(t, s.address), s.folder, portOf(t, primary.address))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.args = []string{file, "--sentinel"}
	s.begin(t)
	return s
}

// A job goes on while a cluster makes a replica the primary of its keys, and after that.
func TestFleetThroughAFailoverOfACluster(t *testing.T) {
	t.Parallel()
	nodes := startCluster(t)
	testInRealTime(t, func() *redis.UniversalOptions {
		o := nodes[0].options()
		o.IsClusterMode = true
		for _, node := range nodes[1:] {
			o.Addrs = append(o.Addrs, node.address)
		}
		return o
	}, func() { nodes[0].kill(t) })
}

// startCluster starts a cluster of three primaries and a replica. The first has all slots but two,
// the last is its replica, and the others have a slot each, and so a vote.
func startCluster(t *testing.T) (nodes []*server) {
	t.Helper()
	clients := make([]redis.UniversalClient, 4)
	for i, slots := range []string{"0 16381", "16382 16382", "16383 16383", ""} {
		bus := strconv.Itoa(portOf(t, freeAddress(t)))
		nodes = append(nodes, start(t, "--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-node-timeout", "2000"))
		clients[i] = nodes[i].client(t)
		if slots != "" {
			does("cluster addslotsrange "+slots)(nodes[i], t)
		}
		does(fmt.Sprintf("cluster meet 127.0.0.1 %d %s", portOf(t, nodes[i].address), bus))(nodes[0], t)
	}
	first, err := clients[0].Do(t.Context(), "cluster", "myid").Text()
	if err != nil {
		t.Fatal(err)
	}
	poll(t, "the last node is a replica of the first", func() bool {
		return clients[3].ClusterReplicate(t.Context(), first).Err() == nil
	})
	for i, c := range clients {
		poll(t, fmt.Sprintf("node %d knows the cluster", i), func() bool {
			state, _ := c.ClusterInfo(t.Context()).Result()
			all, _ := c.ClusterNodes(t.Context()).Result()
			return strings.Contains(state, "cluster_state:ok") && strings.Contains(all, "slave "+first)
		})
	}
	poll(t, "the replica is up to date", func() bool {
		info, _ := clients[3].Info(t.Context(), "replication").Result()
		return strings.Contains(info, "master_link_status:up")
	})
	return nodes
}
