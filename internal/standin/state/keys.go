package state

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Keys signs the tokens of a stand-in with RS256.
type Keys struct{ pair atomic.Pointer[keyPair] }

// keyPair is a signing key and its certificate in PEM.
type keyPair struct {
	key         jose.JSONWebKey
	certificate string
}

func (k *Keys) key() jose.JSONWebKey { return k.pair.Load().key }

// signingKey makes one key a process: making a key takes a good part of a
// second, and tokens of different stand-ins are told apart by their issuer.
var signingKey = sync.OnceValues(func() (jose.JSONWebKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return jose.JSONWebKey{}, fmt.Errorf("make the signing key: %w", err)
	}
	return jose.JSONWebKey{Key: private, KeyID: RandomString(21), Algorithm: string(jose.RS256), Use: "sig"}, nil
})

func newKeys() (*Keys, error) {
	key, err := signingKey()
	if err != nil {
		return nil, err
	}
	certificate, err := signingCertificate()
	if err != nil {
		return nil, err
	}
	keys := &Keys{}
	keys.Replace(key, certificate)
	return keys, nil
}

// Replace makes another private RSA key the one that signs and verifies.
func (k *Keys) Replace(key jose.JSONWebKey, certificate string) {
	k.pair.Store(&keyPair{key: key, certificate: certificate})
}

// Sign returns claims as a compact JWT. The claims must be representable in JSON.
func (k *Keys) Sign(claims map[string]any) (string, error) {
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.RS256, Key: k.key()},
		(&jose.SignerOptions{}).WithType("JWT"),
	)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return token, nil
}

// Verify returns the claims of a token that these keys signed for the issuer
// and the audience and that has not expired at the given time.
func (k *Keys) Verify(token, issuer, audience string, now time.Time) (map[string]any, error) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, errors.New("not a signed token")
	}
	var claims jwt.Claims
	all := map[string]any{}
	key := k.key()
	if err := parsed.Claims(key.Public(), &claims, &all); err != nil {
		return nil, errors.New("signature does not verify")
	}
	expected := jwt.Expected{Issuer: issuer, AnyAudience: jwt.Audience{audience}, Time: now}
	if err := claims.ValidateWithLeeway(expected, 0); err != nil {
		return nil, err
	}
	return all, nil
}

// signingCertificate is the certificate of the signing key, in PEM.
var signingCertificate = sync.OnceValues(func() (string, error) {
	key, err := signingKey()
	if err != nil {
		return "", err
	}
	private, ok := key.Key.(*rsa.PrivateKey)
	if !ok {
		return "", errors.New("the signing key is no RSA key")
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "auth0-stand-in"}}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return "", fmt.Errorf("make the signing certificate: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})), nil
})

// Certificate returns the certificate of the signing key in PEM.
func (k *Keys) Certificate() string { return k.pair.Load().certificate }

// JWKS returns the public keys as /.well-known/jwks.json shows them.
func (k *Keys) JWKS() jose.JSONWebKeySet {
	key := k.key()
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public()}}
}

// storedKeys are a key and its certificate as an export holds them: the key is
// a private JSON web key.
type storedKeys struct{ jwk, certificate string }

func (k *Keys) export() (storedKeys, error) {
	pair := k.pair.Load()
	raw, err := pair.key.MarshalJSON()
	if err != nil {
		return storedKeys{}, fmt.Errorf("export the signing key: %w", err)
	}
	return storedKeys{jwk: string(raw), certificate: pair.certificate}, nil
}

func (s storedKeys) parse() (jose.JSONWebKey, error) {
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON([]byte(s.jwk)); err != nil {
		return key, fmt.Errorf("the signing key: %w", err)
	}
	if _, ok := key.Key.(*rsa.PrivateKey); !ok || !key.Valid() {
		return key, errors.New("the signing key is no private RSA key")
	}
	return key, nil
}
