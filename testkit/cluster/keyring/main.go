// Command keyring answers, for each line of its input, what the kubelet's own keyring finds for an image.
//
// A line is one case: {"secrets": [{"name", "type", "data"}], "image"}, data by key in base64. The answer is one line:
// the logins in the order in which they are sent, or which part failed. flow/keyring/tests/differential.rs holds our
// keyring against it.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"unicode/utf8"

	v1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/secrets"
	"k8s.io/kubernetes/pkg/util/parsers"
)

type given struct {
	Secrets []struct {
		Name string            `json:"name"`
		Type string            `json:"type"`
		Data map[string][]byte `json:"data"`
	} `json:"secrets"`
	Image string `json:"image"`
}

type login struct {
	Secret string `json:"secret"`
	// The key that the login is filed under; bytes that are no UTF-8 are replaced.
	Key string `json:"key"`
	// SHA-256 of each, in hex.
	User     string `json:"user"`
	Password string `json:"password"`
	// Whether both are UTF-8, without which the runtime interface carries neither.
	Sendable bool `json:"sendable"`
}

type answer struct {
	// What failed: "keyring" or "image"; empty when nothing did.
	Failed string  `json:"failed,omitempty"`
	Logins []login `json:"logins"`
}

func main() {
	flags := flag.NewFlagSet("klog", flag.ExitOnError)
	klog.InitFlags(flags)
	// A key that is no URL is logged, which is not what is asked here.
	if err := errors.Join(flags.Set("logtostderr", "false"), flags.Set("stderrthreshold", "FATAL")); err != nil {
		fail(err)
	}
	klog.SetOutput(io.Discard)
	if err := run(os.Stdin, os.Stdout); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "error:", err)
	os.Exit(1)
}

func run(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	buffered := bufio.NewWriter(out)
	encoder := json.NewEncoder(buffered)
	for lines.Scan() {
		var asked given
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return err
		}
		answer, err := lookUp(asked)
		if err != nil {
			return err
		}
		if err := encoder.Encode(answer); err != nil {
			return err
		}
	}
	return errors.Join(lines.Err(), buffered.Flush())
}

// lookUp goes the way of the kubelet's image manager: the keyring is made of the pod's secrets, and asked for the
// image's name without tag.
func lookUp(asked given) (answer, error) {
	var pulled []v1.Secret
	for _, secret := range asked.Secrets {
		one := v1.Secret{Type: v1.SecretType(secret.Type), Data: secret.Data}
		one.Name = secret.Name
		pulled = append(pulled, one)
	}
	keyring, err := secrets.MakeDockerKeyring(pulled, &credentialprovider.BasicDockerKeyring{})
	if err != nil {
		return answer{Failed: "keyring", Logins: []login{}}, nil
	}
	name, _, _, err := parsers.ParseImageName(asked.Image)
	if err != nil {
		return answer{Failed: "image", Logins: []login{}}, nil
	}
	found, _ := keyring.Lookup(name)
	keys, err := keysOf(keyring, name, len(found))
	if err != nil {
		return answer{}, err
	}
	logins := []login{}
	for i, one := range found {
		if one.Source == nil || one.Source.Secret == nil {
			return answer{}, errors.New("a login without its source: is the gate KubeletEnsureSecretPulledImages off?")
		}
		logins = append(logins, login{
			Secret:   one.Source.Secret.Name,
			Key:      string([]rune(keys[i])),
			User:     hash(one.Username),
			Password: hash(one.Password),
			Sendable: utf8.ValidString(one.Username) && utf8.ValidString(one.Password),
		})
	}
	return answer{Logins: logins}, nil
}

// keysOf says which filed key each login found stands under, which the keyring itself does not tell: its index is
// read from the outside, and each key is held against the image with the kubelet's own comparison.
func keysOf(keyring credentialprovider.DockerKeyring, name string, found int) ([]string, error) {
	union, isUnion := keyring.(credentialprovider.UnionDockerKeyring)
	if !isUnion {
		return nil, nil
	}
	basic := reflect.ValueOf(union[0]).Elem()
	index, logins := basic.FieldByName("index"), basic.FieldByName("creds")
	if !index.IsValid() || !logins.IsValid() {
		return nil, errors.New("the keyring's fields have other names now")
	}
	var keys []string
	for i := range index.Len() {
		key := index.Index(i).String()
		if matched, _ := credentialprovider.URLsMatchStr(key, name); matched {
			keys = append(keys, slices.Repeat([]string{key}, logins.MapIndex(index.Index(i)).Len())...)
		}
	}
	if len(keys) == 0 && found > 0 {
		keys = slices.Repeat([]string{"index.docker.io"}, found)
	}
	if len(keys) != found {
		return nil, fmt.Errorf("%d logins under %d keys", found, len(keys))
	}
	return keys, nil
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
