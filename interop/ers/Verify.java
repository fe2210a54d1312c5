import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Date;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.DigestCalculatorProvider;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.tsp.ers.ERSByteData;
import org.bouncycastle.tsp.ers.ERSEvidenceRecord;

// Lets BouncyCastle judge evidence records: reads lines of a record's file, a document's file and a time in seconds
// since 1970, tab between them, and answers each with "ok", or "no" and the reason.
public class Verify {
    public static void main(String[] args) throws Exception {
        DigestCalculatorProvider digests =
            new JcaDigestCalculatorProviderBuilder().setProvider(new BouncyCastleProvider()).build();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] cells = line.split("\t");
            try {
                judge(Files.readAllBytes(Path.of(cells[0])), Files.readAllBytes(Path.of(cells[1])),
                    new Date(1000 * Long.parseLong(cells[2])), digests);
                System.out.println("ok");
            } catch (Exception e) {
                System.out.println("no\t" + e.toString().replaceAll("\\s", " "));
            }
        }
    }

    static void judge(byte[] record, byte[] document, Date at, DigestCalculatorProvider digests) throws Exception {
        ERSEvidenceRecord er = new ERSEvidenceRecord(record, digests); // looks at the renewals within every chain
        er.validatePresent(new ERSByteData(document), at); // the last chain's first time-stamp
        X509CertificateHolder signer = er.getSigningCertificate();
        er.validate(new JcaSimpleSignerInfoVerifierBuilder().setProvider(new BouncyCastleProvider()).build(signer));
    }
}
