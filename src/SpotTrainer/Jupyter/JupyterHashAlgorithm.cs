namespace SpotTrainer.Jupyter;

/// <summary>How a password for Jupyter is hashed.</summary>
public enum JupyterHashAlgorithm
{
    /// <summary>Argon2id, as Jupyter itself writes it since Notebook 6.1.</summary>
    Argon2,

    /// <summary>SHA-512 with a salt, for Notebook before 6.1, which cannot read Argon2. Later versions read it, too.</summary>
    Sha512,
}
