// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes what responses of OCSP are read by, and URLs of responders. The first octet says which the rest is. The corpus has
 * responses that the authority below has signed; what nobody signed says nothing.
 */
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "ocsp.h"

#define REQUIRE(condition)	do { if (!(condition)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char authority[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBbzCCARWgAwIBAgIUBbFkL9iSmJ4PrOc778wzJZ84HoYwCgYIKoZIzj0EAwIw\n"
	"DDEKMAgGA1UEAwwBYTAgFw0yNjExMjYyMjA2NDlaGA8yMTI2MTEwMjIyMDY0OVow\n"
	"DDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEH/KgDEHnFC\n"
	"zcyfaZ3+T0259AvEk5zNWMcz7NXoSYhWYY9e3f5k5R6HwhKkRSgqQnCiegDeMC6S\n"
	"+NjtBEzNU/WjUzBRMB0GA1UdDgQWBBSzF3Sj+LJaxt69CY5HwYKEIQlMbTAfBgNV\n"
	"HSMEGDAWgBSzF3Sj+LJaxt69CY5HwYKEIQlMbTAPBgNVHRMBAf8EBTADAQH/MAoG\n"
	"CCqGSM49BAMCA0gAMEUCIQDs2S/BD0rAODlJIw12xSDfQcLBWe8K16+ZdrtSNMCt\n"
	"3wIgR12/qsYt2meww6Iu93xtbzyyAW7hALPUnf0FykAFfto=\n"
	"-----END CERTIFICATE-----\n"
	;
static const char certificate[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBfTCCASOgAwIBAgIBBzAKBggqhkjOPQQDAjAMMQowCAYDVQQDDAFhMCAXDTI2\n"
	"MTEyNjIyMDY0OVoYDzIxMjYxMTAyMjIwNjQ5WjAMMQowCAYDVQQDDAFiMFkwEwYH\n"
	"KoZIzj0CAQYIKoZIzj0DAQcDQgAE7RQQnUmh9vFe1XkoSNl9/iMcO4rjT5Iy2jS9\n"
	"Xmn+vzXHp/BlzKNIIo2v7xeQRfChdk5QD1MEKcLRST882NG7VqN0MHIwMAYIKwYB\n"
	"BQUHAQEEJDAiMCAGCCsGAQUFBzABhhRodHRwOi8vb2NzcC5leGFtcGxlLzAdBgNV\n"
	"HQ4EFgQUGdx2dG2KuUtAPND0Sn+2YPaPfQwwHwYDVR0jBBgwFoAUsxd0o/iyWsbe\n"
	"vQmOR8GChCEJTG0wCgYIKoZIzj0EAwIDSAAwRQIgRUblmWZqYcGjoTxrsULivwXx\n"
	"L90KXVG+M1reW0wnFocCIQCNt8gx1HKQnf8D0vZVRIqxb824SagsYXfTa2W8qKAi\n"
	"QA==\n"
	"-----END CERTIFICATE-----\n"
	;

static X509 *load(const char *pem)
{
	BIO *in = BIO_new_mem_buf(pem, -1);
	X509 *x = PEM_read_bio_X509(in, NULL, NULL, NULL);

	BIO_free(in);
	REQUIRE(x);
	return x;
}

static void read_response(const uint8_t *data, size_t size)
{
	static X509 *x, *by;
	struct ocsp_answer a, again;

	if (!x) {
		x = load(certificate);
		by = load(authority);
	}
	ocsp_read(data, size, x, by, &a);
	REQUIRE(a.why);
	REQUIRE(a.standing != STANDING_UNKNOWN ? a.since && a.until >= a.since : !a.since && !a.until);
	/* what is behind it is not passed over */
	if (a.standing != STANDING_UNKNOWN && size > 1) {
		ocsp_read(data, size - 1, x, by, &again);
		REQUIRE(again.standing == STANDING_UNKNOWN);
		/* nor is it about anybody else */
		ocsp_read(data, size, by, by, &again);
		REQUIRE(again.standing == STANDING_UNKNOWN);
	}
}

static void read_url(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct ocsp_place p;

	memcpy(text, data, size);
	text[size] = 0;
	if (ocsp_place(text, &p)) {
		REQUIRE(p.port && *p.host && *p.target == '/');
		REQUIRE(!strpbrk(p.host, " \r\n\t/@") && !strpbrk(p.target, " \r\n\t#"));
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (size < 2)
		return 0;
	/* exactly so long, for the sanitizer to see what is behind */
	copy = malloc(size - 1);
	memcpy(copy, data + 1, size - 1);
	if (*data == 'u')
		read_url(copy, size - 1);
	else
		read_response(copy, size - 1);
	free(copy);
	return 0;
}
