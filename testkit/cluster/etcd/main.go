// Command etcd is the cluster's store: one member on loopback, without a disk flush per write, since a test cluster
// that lost its machine is built anew anyway.
package main

import (
	"flag"
	"log"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

func main() {
	folder := flag.String("data-dir", "", "folder of the store")
	client := flag.String("listen", "http://127.0.0.1:2379", "where the API server finds it")
	peer := flag.String("listen-peer", "http://127.0.0.1:2380", "unused by a single member, but it must listen")
	flag.Parse()

	config := embed.NewConfig()
	config.Dir = *folder
	config.UnsafeNoFsync = true
	config.LogLevel = "warn"
	config.ListenClientUrls = []url.URL{parse(*client)}
	config.AdvertiseClientUrls = config.ListenClientUrls
	config.ListenPeerUrls = []url.URL{parse(*peer)}
	config.AdvertisePeerUrls = config.ListenPeerUrls
	config.InitialCluster = config.InitialClusterFromName(config.Name)

	server, err := embed.StartEtcd(config)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	select {
	case <-server.Server.ReadyNotify():
	case <-time.After(time.Minute):
		log.Fatal("etcd was not ready within a minute")
	}

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	select {
	case <-stop:
	case err := <-server.Err():
		log.Fatal(err)
	}
}

func parse(text string) url.URL {
	address, err := url.Parse(text)
	if err != nil {
		log.Fatal(err)
	}
	return *address
}
