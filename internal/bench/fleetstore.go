package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// A fleetStore is a redis-server that the processes of a fleet share. A nil one is none.
type fleetStore struct {
	addr   string
	server *exec.Cmd
	folder string
	client *redis.Client
}

// share has the processes share a store, and gives each the whole limit, if the peer can do that.
func (f *fleet) share(ctx context.Context, p peer, whole *declared) (*fleetStore, error) {
	if p.name != "retrywise" {
		return nil, nil //nolint:nilnil // there is none
	}
	s, err := startStore(ctx)
	if err != nil {
		return nil, err
	}
	f.job.Store, f.job.Declared = s.addr, whole
	return s, nil
}

// startStore starts a redis-server on a free port, and waits until it serves.
func startStore(ctx context.Context) (*fleetStore, error) {
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errors.New("a fleet shares a redis-server: install it (apt-get install redis-server), or measure another -peer")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it takes no time
	if err != nil {
		return nil, err
	}
	addr := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "bench-redis")
	if err != nil {
		return nil, err
	}
	s := &fleetStore{addr: addr, folder: folder, client: redis.NewClient(&redis.Options{Addr: addr})}
	var log bytes.Buffer
	s.server = exec.CommandContext(ctx, binary, "--bind", "127.0.0.1", "--port", port, "--save", "", "--dir", folder) //nolint:gosec // found above
	s.server.Stdout, s.server.Stderr = &log, &log
	if err := s.server.Start(); err != nil {
		return nil, err
	}
	for range 100 {
		if err = s.client.Ping(ctx).Err(); err == nil {
			return s, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.stop()
	return nil, fmt.Errorf("redis-server does not serve: %w: %s", err, log.String())
}

// commands returns how many scripts the server has run.
func (s *fleetStore) commands(ctx context.Context) (n int) {
	if s == nil {
		return 0
	}
	info, _ := s.client.Info(ctx, "commandstats").Result()
	for line := range strings.Lines(info) {
		name, rest, _ := strings.Cut(line, ":calls=")
		if strings.HasPrefix(name, "cmdstat_eval") {
			calls, _, _ := strings.Cut(rest, ",")
			one, _ := strconv.Atoi(calls)
			n += one
		}
	}
	return n
}

func (s *fleetStore) stop() {
	if s == nil {
		return
	}
	_ = s.client.Close()
	_ = s.server.Process.Kill()
	_ = s.server.Wait()
	_ = os.RemoveAll(s.folder)
}
