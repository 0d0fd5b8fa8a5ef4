namespace SpotTrainer.Jupyter;

/// <summary>The kind of key of a certificate.</summary>
public enum JupyterKeyAlgorithm
{
    /// <summary>ECDSA on the curve P-256.</summary>
    Ecdsa,

    /// <summary>RSA with 3072 bits, for clients that know nothing newer.</summary>
    Rsa,
}
